/** A URL that takes one file by `PUT`, once: what lies under its path already is never overwritten. */
export interface SignedUpload {
  readonly url: string;
  /** For `uploadToSignedUrl` of supabase-js, in place of the URL. A credential: never stored, never logged. */
  readonly token: string;
  /** ISO 8601. */
  readonly expiresAt: string;
}

/** Where files of callers go. */
export interface UploadsPort {
  readonly bucket: string;
  /** Of one file, in bytes. */
  readonly maxBytes: number;
  /**
   * Signs the upload of one file; undefined: a file lies under this path already.
   * Throws PlatformError: STORAGE_UNAVAILABLE (no answer, or none that makes sense), UPLOADS_UNAVAILABLE (Storage refuses us:
   * the bucket is not there, or our key is not good).
   */
  sign(path: string): Promise<SignedUpload | undefined>;
}
