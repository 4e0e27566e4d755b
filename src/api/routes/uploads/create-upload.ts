import { PlatformError } from '@durabase/contracts';
import { createUploadBody, repeatedUpload, upload } from '@durabase/contracts/api/upload';
import type { UploadsPort } from '../../../ports/uploads.ts';
import { answerMade } from '../../answer-made.ts';
import { once } from '../../once.ts';
import { prepareUpload, recallUpload } from '../../queries/uploads.ts';
import { defineRoute } from '../../route.ts';

export const createUploadRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/uploads',
  access: 'caller',
  summary: 'A place for one file in Supabase Storage, and a URL that takes it there. For those who may start runs.',
  body: createUploadBody,
  takesIdempotencyKey: true,
  answers: { 200: repeatedUpload, 201: upload },
  refuses: ['UPLOADS_UNAVAILABLE', 'STORAGE_UNAVAILABLE'],
  handler: async ({ body, identity, idempotencyKey: key }, { runAsCaller, uploads }) => {
    const taking = checkTaken(uploads, body.bytes);
    // Committed before Storage is asked: no connection waits for it, and the audit log rather tells of a URL too many.
    const { made: path, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'createUpload', key, asked: body },
        {
          make: () => prepareUpload(tx, body),
          remember: (made) => made,
          recall: (kept) => recallUpload(tx, kept),
        },
      ),
    );
    const { bucket } = taking;
    const signed = await taking.sign(path);
    if (signed !== undefined) return answerMade({ bucket, path, ...signed }, { isReplayed });
    if (isReplayed) return answerMade({ bucket, path, url: null, token: null, expiresAt: null }, { isReplayed });
    throw new PlatformError('INTERNAL', { cause: new Error('a file lies under a path that was just made') });
  },
});

function checkTaken(uploads: UploadsPort | undefined, bytes: number): UploadsPort {
  if (uploads === undefined) {
    throw new PlatformError('UPLOADS_UNAVAILABLE', { hint: 'whoever runs it sets DURABASE_UPLOAD_BUCKET' });
  }
  if (bytes <= uploads.maxBytes) return uploads;
  throw new PlatformError('BODY_TOO_LARGE', {
    message: `the file has ${bytes} bytes, and this instance takes ${uploads.maxBytes}`,
    hint: 'send a smaller file, or ask whoever runs the instance',
    path: 'bytes',
  });
}
