import { z } from 'zod';
import { id, moment } from './parts.ts';

/** Body of `POST /uploads`. */
export const createUploadBody = z.strictObject({
  workspace: id().optional().describe("Default: the caller's only workspace."),
  fileName: z.string().min(1).max(255).describe('Its last part, in plain letters, ends the path.'),
  contentType: z
    .string()
    .regex(/^[A-Za-z0-9!#$&^_.+-]{1,100}\/[A-Za-z0-9!#$&^_.+-]{1,100}$/, { error: 'must be a content type, such as text/csv' }),
  bytes: z.int().min(1).describe('How long the file is. The instance says how long one may be; its bucket holds to it.'),
});

const bucket = () => z.string().describe('Of Supabase Storage.');
const path = () => z.string().describe('In the bucket: workspace, a random id, the name of the file. Give it to a run as input.');

/** A place for one file. */
export const upload = z.strictObject({
  bucket: bucket(),
  path: path(),
  url: z.url().describe('Takes the file by PUT, once, without a login.'),
  token: z.string().describe('For `uploadToSignedUrl(path, token, file)` of supabase-js, in place of the URL.'),
  expiresAt: moment(),
});
/** A place for one file. */
export type Upload = z.infer<typeof upload>;

/** The same place, asked for again with the same idempotency key. */
export const repeatedUpload = upload.extend({
  url: upload.shape.url.nullable().describe('Signed anew; null: the file is there already.'),
  token: upload.shape.token.nullable(),
  expiresAt: upload.shape.expiresAt.nullable(),
});
