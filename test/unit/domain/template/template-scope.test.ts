import { describe, expect, it } from '@jest/globals';
import { resolveTemplates } from '../../../../src/domain/template/resolve-template.ts';
import { neededValues, templateScope } from '../../../../src/domain/template/template-scope.ts';

const facts = { runId: 'r1', workspaceId: 'w1', taskSlug: 'report', input: { a: 1 }, outputs: { fetch: { body: 'x' } } };

describe('neededValues', () => {
  it('names each step once, and whether the input is read', () => {
    const value = { a: '{{ steps.fetch.output.x }} {{ steps.fetch.output.y }}', b: ['{{ steps.send.output }}', '{{ input.z }}'] };
    expect(neededValues(value)).toEqual({ steps: ['fetch', 'send'], input: true, secrets: [] });
  });

  it('needs nothing for literals, for facts of the run and for strings that cannot be read', () => {
    expect(neededValues({ a: 'x', b: '{{ run.id }}', c: '{{ broken' })).toEqual({ steps: [], input: false, secrets: [] });
  });

  it('tells where secrets stand', () => {
    const { secrets } = neededValues({ headers: { authorization: 'Bearer {{ secrets.KEY }}' }, url: '{{ input.url }}' });
    expect(secrets.map(({ at, reference }) => [at, reference.path])).toEqual([
      [
        ['headers', 'authorization'],
        ['secrets', 'KEY'],
      ],
    ]);
  });
});

describe('templateScope', () => {
  it('holds the facts of a run under their names', () => {
    expect(templateScope({ ...facts, step: { id: 'send', key: 'r1/send/0' } })).toEqual({
      input: { a: 1 },
      steps: { fetch: { output: { body: 'x' } } },
      run: { id: 'r1' },
      workspace: { id: 'w1' },
      task: { slug: 'report' },
      step: { id: 'send', key: 'r1/send/0' },
    });
  });

  it('has no step outside of one, and never secrets', () => {
    expect(Object.keys(templateScope(facts)).sort()).toEqual(['input', 'run', 'steps', 'task', 'workspace']);
  });

  it('lets templates read an output that is no object', () => {
    const scope = templateScope({ ...facts, outputs: { none: null, list: [0] } });
    expect(resolveTemplates(['{{ steps.none.output }}', '{{ steps.list.output[0] }}'], scope)).toEqual([null, 0]);
  });
});
