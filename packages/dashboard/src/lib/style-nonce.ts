/** The number under which this page may add styles; undefined where no policy was sent, as in development. */
export const styleNonce = (): string | undefined => {
  const element = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]');
  const nonce = element?.nonce ?? '';
  return nonce === '' ? undefined : nonce;
};

/** Tells libraries that add styles by themselves. */
export const announceNonce = (): void => {
  const nonce = styleNonce();
  if (nonce !== undefined) Object.assign(globalThis, { __webpack_nonce__: nonce });
};
