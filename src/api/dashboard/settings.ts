/** What the dashboard in a browser is told: publishable values only. */
export interface DashboardSettings {
  readonly supabaseUrl: string;
  readonly publishableKey: string;
  /** Where a person finds an execution in Temporal's Web UI; undefined: there is none to link to. */
  readonly temporal: { readonly webUrl: string; readonly namespace: string } | undefined;
}
