import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { run } from '@durabase/cli/run';
import { createTerminal } from '@durabase/cli/terminal';
import { freePorts } from '@durabase/local-stack';
import { SECRET_KEY } from '../api/support/test-api.ts';
import { useApi } from '../api/support/use-api.ts';
import { createWorkspace, type Workspace } from '../support/build-rows.ts';
import { useCli } from './support/use-cli.ts';

const used = useApi();
let acme: Workspace;
const service = () => ({ DURABASE_URL: used.api.url, DURABASE_TOKEN: SECRET_KEY });
const cli = useCli(async () => service());

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
});

const nap = (slug: string, extra: object = {}) => ({ slug, action: 'sleep', with: { duration: '1 second' }, ...extra });

describe('the connection', () => {
  it('is that of the local stack of the folder, or of one above it', async () => {
    cli.write('.durabase/stack.json', { urls: { api: used.api.url }, keys: { secret: SECRET_KEY } });
    expect((await cli.run(['tasks', 'list'], {})).code).toBe(0);
    const elsewhere = await cli.run(['tasks', 'list'], { DURABASE_STATE_DIR: '.elsewhere' });
    expect([elsewhere.code, elsewhere.err]).toEqual([
      2,
      'no API is named, and no local stack runs here\n→ set DURABASE_URL and DURABASE_TOKEN, or start the local stack: npm start\n',
    ]);
    const stranger = await cli.run(['tasks', 'list', '--url', 'http://127.0.0.1:9'], {});
    expect([stranger.code, stranger.err]).toMatchObject([
      2,
      expect.stringMatching(/^no token is there for http:\/\/127\.0\.0\.1:9\n/),
    ]);
  });

  it('to nobody, or to no address, is refused in words', async () => {
    const [port = 0] = await freePorts(1);
    const nobody = await cli.run(['tasks', 'list', '--url', `http://127.0.0.1:${port}`]);
    expect([nobody.code, nobody.err]).toMatchObject([
      1,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED\n→ is it running\?/),
    ]);
    const none = await cli.run(['tasks', 'list', '--url', 'localhost:3000']);
    expect([none.code, none.err]).toMatchObject([2, expect.stringMatching(/^DURABASE_URL must be the address of the API/)]);
  });

  it('with a token that is none is refused in words', async () => {
    const ending = await cli.run(['tasks', 'list'], { DURABASE_URL: used.api.url, DURABASE_TOKEN: 'nonsense' });
    expect(ending.code).toBe(1);
    expect(ending.err).not.toContain('nonsense');
    const json = await cli.run(['tasks', 'list', '--json'], { DURABASE_URL: used.api.url, DURABASE_TOKEN: 'nonsense' });
    expect(JSON.parse(json.out)).toMatchObject({ error: { code: 'UNAUTHENTICATED' } });
  });
});

describe('the arguments', () => {
  it.each<readonly [readonly string[], RegExp]>([
    [[], /there is no command ""/],
    [['tasks'], /there is no command "tasks"/],
    [['tasks', 'destroy'], /there is no command "tasks destroy"/],
    [['tasks', 'constructor'], /there is no command "tasks constructor"/],
    [['tasks', 'list', 'x'], /list takes no names/],
    [['tasks', 'show'], /show needs the slug of one task/],
    [['tasks', 'show', '../runs'], /"\.\.\/runs" is neither a slug nor an id/],
    [['tasks', 'apply'], /apply needs at least one file/],
    [['tasks', 'rollback', 'x'], /rollback needs --to/],
    [['tasks', 'rollback', 'x', '--to', '-1'], /--to/],
    [['tasks', 'rollback', 'x', '--to', '0'], /--to "0" is no number/],
    [['tasks', 'list', '--yes'], /list has no option --yes/],
    [['tasks', 'list', '--nonsense'], /nonsense/],
  ])('%j are refused', async (args, message) => {
    const stderr = new PassThrough();
    const terminal = createTerminal({ stdin: new PassThrough(), stdout: new PassThrough(), stderr });
    expect(await run(args, { terminal, env: {}, folder: cli.folder })).toBe(2);
    expect(String(stderr.read())).toMatch(message);
  });

  it('are refused with a way to learn more', async () => {
    const { code, err } = await cli.run(['tasks', 'destroy']);
    expect([code, err]).toEqual([2, 'there is no command "tasks destroy"\n→ durabase --help says how it is used\n']);
  });

  it('are explained', async () => {
    const { code, out } = await cli.run(['--help'], {});
    expect(code).toBe(0);
    expect(out).toMatch(/apply <file…>[^]*exit codes/);
  });
});

describe('a file', () => {
  it.each<readonly [name: string, content: string | undefined, message: RegExp]>([
    ['missing.json', undefined, /there is no file missing\.json/],
    ['broken.json', '{', /broken\.json is not valid JSON/],
    ['number.json', '7', /number\.json holds no task/],
    ['no-slug.json', '{}', /no-slug\.json: slug: null is no name of a task/],
    ['path.json', '{"slug": "../x"}', /path\.json: slug: "\.\.\/x" is no name/],
    ['tasks.yaml', 'slug: x', /tasks\.yaml is of no kind/],
    ['empty.mjs', 'export const nothing = 1;', /empty\.mjs exports no task\n→ write: export const/],
    ['throws.ts', "throw new Error('at home')", /throws\.ts cannot be loaded: at home/],
    [
      'wrong.ts',
      "import { defineTask } from '@durabase/client/tasks';\nexport const x = defineTask({ slug: 'x', steps: { a: { action: 'sleep', when: 'steps.b.output == 1', with: { duration: '1 s' } } } });",
      /wrong\.ts: task "x": steps\[0\]\.when: there is no step "b"; steps are: a/,
    ],
  ])('%s is refused in words', async (name, content, message) => {
    if (content !== undefined) cli.write(name, content);
    const { code, err, out } = await cli.run(['tasks', 'apply', name]);
    expect([code, out, err]).toEqual([1, '', expect.stringMatching(message)]);
  });

  it('defines each task once', async () => {
    const files = [cli.write('a.json', nap('twice')), cli.write('b.json', nap('twice'))];
    expect((await cli.run(['tasks', 'apply', ...files])).err).toMatch(/^a\.json and b\.json both define the task twice\n/);
  });
});

describe('at a terminal', () => {
  interface Sight {
    readonly code: number;
    readonly text: string;
  }
  /** The program with somebody before it, who types an answer. */
  const sit = async (args: readonly string[], answer: string, env: Readonly<Record<string, string>> = {}): Promise<Sight> => {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const screen: string[] = [];
    for (const stream of [stdout, stderr]) stream.on('data', (chunk) => screen.push(String(chunk)));
    Object.assign(stdin, { isTTY: true });
    Object.assign(stdout, { isTTY: true });
    stderr.on('data', (chunk) => void (/\[y\/N\] $/.test(String(chunk)) && stdin.write(`${answer}\n`)));
    const terminal = createTerminal({ stdin, stdout, stderr });
    const code = await run(['tasks', ...args, '--workspace', acme.id], {
      terminal,
      env: { ...service(), ...env },
      folder: cli.folder,
    });
    return { code, text: screen.join('') };
  };

  it('asks before it applies, and saves nothing without a yes', async () => {
    const file = cli.write('asked.json', nap('asked'));
    const no = await sit(['apply', file], 'n');
    expect([no.code, no.text]).toEqual([
      1,
      expect.stringMatching(/new, from asked\.json[^]*Apply \(1 new, 0 changed\)\? \[y\/N\][^]*nothing was saved/),
    ]);
    expect((await cli.run(['tasks', 'show', 'asked', '--workspace', acme.id])).code).toBe(1);
    const yes = await sit(['apply', file], 'y');
    expect([yes.code, yes.text]).toEqual([0, expect.stringContaining('version 1 is ready')]);
    expect((await sit(['apply', file], 'n')).text).not.toContain('[y/N]'); // nothing to ask
    expect((await sit(['apply', cli.write('asked-b.json', nap('asked', { ttl: '1 day' })), '--yes'], 'n')).text).toContain(
      'version 2 is ready',
    );
    expect((await sit(['rollback', 'asked', '--to', '1'], 'no')).code).toBe(1);
    expect((await sit(['rollback', 'asked', '--to', '1'], 'yes')).text).toContain('version 3 is ready');
  });

  it('asks before it deletes', async () => {
    await sit(['apply', cli.write('doomed.json', nap('doomed'))], 'y');
    expect((await sit(['delete', 'doomed'], '')).code).toBe(1);
    expect((await cli.run(['tasks', 'show', 'doomed', '--workspace', acme.id])).code).toBe(0);
    expect((await sit(['delete', 'doomed'], 'y')).code).toBe(0);
  });
});

describe('colours', () => {
  const escape = String.fromCodePoint(27);
  it('are there where they are wanted, and not where they are not', async () => {
    const file = cli.write('painted.json', nap('painted'));
    const look = async (env: Readonly<Record<string, string>>) =>
      (await cli.run(['tasks', 'apply', file, '--dry-run', '--workspace', acme.id], { ...service(), ...env })).out;
    expect(await look({ FORCE_COLOR: '1' })).toContain(`${escape}[32m  + painted: new`);
    expect(await look({})).not.toContain(escape);
    expect(await look({ NO_COLOR: '1' })).not.toContain(escape);
  });
});
