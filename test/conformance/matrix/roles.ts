/** Everybody as whom everything is tried. */
export const ROLES = [
  'none',
  'anon',
  'stranger',
  'endUser',
  'removed',
  'guest',
  'viewer',
  'runnerOwn',
  'runnerOther',
  'editor',
  'admin',
  'owner',
  'instanceAdmin',
  'service',
] as const;
export type Role = (typeof ROLES)[number];

/** Those with an account of their own. `guest`: one task is shared with him. `endUser`: started a published task. `removed`: was an editor. */
export const USER_ROLES = ROLES.filter((role): role is UserRole => !['none', 'anon', 'service'].includes(role));
export type UserRole = Exclude<Role, 'none' | 'anon' | 'service'>;

/** Those who have at least a key. */
export type KeyedRole = Exclude<Role, 'none'>;
export const KEYED_ROLES = ROLES.filter((role): role is KeyedRole => role !== 'none');
