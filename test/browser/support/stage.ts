/** What all browser tests share: one stack, one target, one Chromium. */
export interface Stage {
  readonly apiUrl: string;
  readonly supabaseUrl: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  /** Superuser of the database. */
  readonly ownerUrl: string;
  readonly targetUrl: string;
  /** The page of `examples/end-user`. */
  readonly endUserUrl: string;
  /** Where Playwright finds the browser. */
  readonly browserEndpoint: string;
}

const VARIABLE = 'DURABASE_TEST_BROWSER';

export const shareStage = (stage: Stage): void => {
  process.env[VARIABLE] = JSON.stringify(stage);
};

export const readStage = (): Stage => {
  const text = process.env[VARIABLE];
  if (text === undefined) throw new Error(`${VARIABLE} is not set: run these tests with jest --selectProjects browser`);
  return JSON.parse(text) as Stage;
};
