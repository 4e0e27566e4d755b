import { PlatformError } from '@durabase/contracts';
import { createUploadBody, upload } from '@durabase/contracts/api/upload';
import { prepareUpload } from '../../queries/uploads.ts';
import { defineRoute } from '../../route.ts';

export const createUploadRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/uploads',
  access: 'caller',
  summary: 'A place for one file in Supabase Storage, and a URL that takes it there. For those who may start runs.',
  body: createUploadBody,
  answers: { 201: upload },
  refuses: ['UPLOADS_UNAVAILABLE', 'STORAGE_UNAVAILABLE'],
  handler: async ({ body, identity }, { runAsCaller, uploads }) => {
    if (uploads === undefined) {
      throw new PlatformError('UPLOADS_UNAVAILABLE', { hint: 'whoever runs it sets DURABASE_UPLOAD_BUCKET' });
    }
    if (body.bytes > uploads.maxBytes) {
      throw new PlatformError('BODY_TOO_LARGE', {
        message: `the file has ${body.bytes} bytes, and this instance takes ${uploads.maxBytes}`,
        hint: 'send a smaller file, or ask whoever runs the instance',
        path: 'bytes',
      });
    }
    // Committed before Storage is asked: no connection waits for it, and the audit log rather tells of a URL too many.
    const path = await runAsCaller(identity, (tx) => prepareUpload(tx, body));
    const signed = await uploads.sign(path);
    if (signed === undefined) throw new PlatformError('INTERNAL', { cause: new Error('a file lies under a path just made') });
    return { status: 201, body: { path, ...signed } };
  },
});
