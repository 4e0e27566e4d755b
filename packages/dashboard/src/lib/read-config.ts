/** What the API tells its pages: publishable values. */
export interface DashboardConfig {
  readonly supabaseUrl: string;
  readonly publishableKey: string;
  /** null: there is no Web UI of Temporal to link to. */
  readonly temporal: { readonly webUrl: string; readonly namespace: string } | null;
}

export const readConfig = async (): Promise<DashboardConfig> => {
  const response = await fetch('/dashboard-config.json');
  if (!response.ok) throw new Error(`/dashboard-config.json was answered ${response.status}: is this the Durabase API?`);
  return (await response.json()) as DashboardConfig;
};
