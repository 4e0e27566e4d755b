/** Shown where nothing else can be: the page does not know where its data is. */
export const StartFailure = ({ error }: { readonly error: unknown }) => (
  <main className="start-failure">
    <h1>Durabase cannot start</h1>
    <p>{error instanceof Error ? error.message : String(error)}</p>
    <p>
      <a href="/">Try again</a>
    </p>
  </main>
);
