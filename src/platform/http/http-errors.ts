import { isPlatformError, PlatformError } from '@durabase/contracts/errors';

/** Names what a connection failed with. Only the host and the driver's code are said: the rest may hold secrets. */
export function toHttpError(error: unknown, host: string): PlatformError {
  if (isPlatformError(error)) return error;
  const reason = findReason(error);
  switch (reason) {
    case 'UND_ERR_HEADERS_OVERFLOW':
      return new PlatformError('HTTP_RESPONSE_TOO_LARGE', { message: `The headers of "${host}" are larger than allowed` });
    case 'UND_ERR_INVALID_ARG':
      return new PlatformError('STEP_INPUT_INVALID', { message: `The request to "${host}" has an invalid method or header` });
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return new PlatformError('HTTP_TIMEOUT', { message: `"${host}" could not be connected to in time (${reason})` });
    default:
      return new PlatformError('HTTP_CONNECTION', {
        message: `The connection to "${host}" failed (${reason})`,
        ...(isAboutCertificate(reason)
          ? { retryable: false, hint: 'The certificate of the target is not valid for this host.' }
          : {}),
      });
  }
}

function findReason(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'name' in error ? String(error.name) : 'unknown';
}

const isAboutCertificate = (reason: string): boolean => /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/.test(reason);
