import { httpTask } from './compile-context.ts';
import type { RefusedTask } from './refused-task.ts';

const SECRET_FIELDS =
  'fields for secrets: headers.*, query.*, auth.bearer, auth.basic.user, auth.basic.password, auth.header.value';
const WHOLE = 'put the whole value into the secret';
const CREDENTIAL = 'this looks like a credential';
const STORE = 'store it as a secret and write {{ secrets.NAME }}';

/** Secrets in wrong places, and literals that should be secrets. */
export const REFUSED_SECRETS: readonly RefusedTask[] = [
  {
    title: 'a secret in a URL',
    task: httpTask({ url: 'https://x.test/{{ secrets.TOKEN }}' }),
    path: 'with.url',
    message: 'the secret "TOKEN" may not stand here',
    hint: SECRET_FIELDS,
  },
  {
    title: 'a secret in a body',
    task: httpTask({ json: { a: ['{{ secrets.TOKEN }}'] } }),
    path: 'with.json.a[0]',
    message: 'the secret "TOKEN" may not stand here',
    hint: SECRET_FIELDS,
  },
  {
    title: 'a secret below a header',
    task: httpTask({ query: { a: ['{{ secrets.TOKEN }}'] } }),
    path: 'with.query.a[0]',
    message: 'the secret "TOKEN" may not stand here',
    hint: SECRET_FIELDS,
  },
  {
    title: 'a secret in an action without secrets',
    task: { slug: 'nap', action: 'sleep', with: { duration: '{{ secrets.TOKEN }}' } },
    path: 'with.duration',
    message: 'the secret "TOKEN" may not stand here',
    hint: 'no field of this place takes secrets',
  },
  {
    title: 'a secret in the output',
    task: httpTask({}, { output: '{{ secrets.TOKEN }}' }),
    path: 'output',
    message: 'the secret "TOKEN" may not stand here',
    hint: 'no field of this place takes secrets',
  },
  {
    title: 'a secret as concurrency key',
    task: httpTask({}, { concurrency: { key: 'secrets.TOKEN', limit: 1 } }),
    path: 'concurrency.key',
    message: 'secrets.TOKEN may not stand here',
    hint: 'secrets stand in fields of actions, alone or behind one fixed word',
  },
  {
    title: 'an unknown secret',
    task: httpTask({ auth: { bearer: '{{ secrets.TOKN }}' } }),
    path: 'with.auth.bearer',
    message: 'there is no secret "TOKN"',
    hint: 'did you mean "TOKEN"?',
    code: 'SECRET_NOT_FOUND',
  },
  {
    title: 'an unknown secret behind a word',
    task: httpTask({ headers: { authorization: 'Bearer {{ secrets.OTHER_KEY_2 }}' } }),
    path: 'with.headers.authorization',
    message: 'there is no secret "OTHER_KEY_2"',
    hint: 'known: "SALES_KEY", "TOKEN"',
    code: 'SECRET_NOT_FOUND',
  },
  {
    title: 'a part of a secret',
    task: httpTask({ auth: { bearer: '{{ secrets.TOKEN.x }}' } }),
    path: 'with.auth.bearer',
    message: '{{ secrets.TOKEN.x }} cannot be read',
    hint: 'write {{ secrets.NAME }}',
  },
  {
    title: 'all secrets',
    task: httpTask({ auth: { bearer: '{{ secrets }}' } }),
    path: 'with.auth.bearer',
    message: '{{ secrets }} cannot be read',
    hint: 'write {{ secrets.NAME }}',
  },
  {
    title: 'a secret behind two words',
    task: httpTask({ headers: { a: 'My Bearer {{ secrets.TOKEN }}' } }),
    path: 'with.headers.a',
    message: 'the secret "TOKEN" stands alone, or behind one fixed word such as "Bearer "',
    hint: WHOLE,
  },
  {
    title: 'a secret with text behind it',
    task: httpTask({ headers: { a: 'Bearer {{ secrets.TOKEN }}; x' } }),
    path: 'with.headers.a',
    message: 'the secret "TOKEN" stands alone, or behind one fixed word such as "Bearer "',
    hint: WHOLE,
  },
  {
    title: 'a secret with an input behind it',
    task: httpTask({ headers: { a: 'Bearer {{ secrets.TOKEN }}{{ input.a }}' } }),
    path: 'with.headers.a',
    message: 'the secret "TOKEN" stands alone, or behind one fixed word such as "Bearer "',
    hint: WHOLE,
  },
  {
    title: 'a secret behind an input',
    task: httpTask({ headers: { a: '{{ input.a }} {{ secrets.TOKEN }}' } }),
    path: 'with.headers.a',
    message: 'the secret "TOKEN" stands alone, or behind one fixed word such as "Bearer "',
    hint: WHOLE,
  },
  {
    title: 'a header as a literal',
    task: httpTask({ headers: { Authorization: 'Bearer abc' } }),
    path: 'with.headers.Authorization',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a cookie as a literal',
    task: httpTask({ headers: { cookie: 'session=1' } }),
    path: 'with.headers.cookie',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a key in a query as a literal',
    task: httpTask({ query: { api_key: 'abc' } }),
    path: 'with.query.api_key',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a token in a query as a literal',
    task: httpTask({ query: { access_token: 'abc' } }),
    path: 'with.query.access_token',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a password as a literal',
    task: httpTask({ auth: { basic: { user: 'a', password: 'b' } } }),
    path: 'with.auth.basic.password',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a value for a header as a literal',
    task: httpTask({ auth: { header: { name: 'x', value: 'b' } } }),
    path: 'with.auth.header.value',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a key of a known form in a body',
    task: httpTask({ json: { note: `use sk-${'a1'.repeat(12)}` } }),
    path: 'with.json.note',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a token of a known form in a URL',
    task: httpTask({ url: `https://x.test/?t=ghp_${'a'.repeat(36)}` }),
    path: 'with.url',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a signed token in a body',
    task: httpTask({ body: `eyJ${'a'.repeat(12)}.${'b'.repeat(12)}.${'c'.repeat(12)}` }),
    path: 'with.body',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a token of a known form in a concurrency key',
    task: httpTask({}, { concurrency: { key: `input.a + "ghp_${'a1'.repeat(18)}"`, limit: 1 } }),
    path: 'concurrency.key',
    message: CREDENTIAL,
    hint: STORE,
  },
  {
    title: 'a token of a known form where it cannot stand, without repeating it',
    task: httpTask({}, { mode: `ghp_${'a1'.repeat(18)}` }),
    path: 'mode',
    message: 'the value is none of the values of "mode"',
    hint: 'known: "async", "sync"',
  },
];
