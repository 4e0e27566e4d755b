export type TaskSlug = 'sales-report' | 'fulfil-order' | 'notify-partner';

export interface DemoTask {
  readonly slug: TaskSlug;
  readonly description: string;
  readonly [field: string]: unknown;
}

/** Steps whose effects are counted: at the target, and as rows of `sales_reports`. */
export const EFFECT_STEPS: Readonly<Record<TaskSlug, readonly string[]>> = {
  'sales-report': ['total', 'save'],
  'fulfil-order': ['reserve', 'invoice', 'label', 'pack'],
  'notify-partner': ['main'],
};

/** The three tasks of the demo. */
export function describeTasks({
  supabaseUrl,
  targetUrl,
}: {
  readonly supabaseUrl: string;
  readonly targetUrl: string;
}): readonly DemoTask[] {
  const asUser = { apikey: '{{ secrets.PUBLISHABLE_KEY }}', authorization: 'Bearer {{ secrets.USER_TOKEN }}' };
  const post = (path: string, json: unknown) => ({ url: `${targetUrl}/${path}`, method: 'POST', json });
  const orderStep = (id: string, path: string) => ({
    id,
    action: 'http',
    with: post(path, { order: '{{ input.order }}', step: id }),
  });
  return [
    {
      slug: 'sales-report',
      name: 'Sales report',
      description: 'A pipeline: reads rows, waits, adds up, writes the sum.',
      input: {
        type: 'object',
        properties: { day: { type: 'string', format: 'date' }, pause: { type: 'string' } },
        required: ['day', 'pause'],
      },
      steps: [
        {
          id: 'rows',
          action: 'http',
          with: {
            url: `${supabaseUrl}/rest/v1/sales?select=cents&order=id&day=eq.{{ input.day }}`,
            headers: { ...asUser, 'accept-profile': 'public' },
          },
        },
        { id: 'pause', action: 'sleep', needs: ['rows'], with: { duration: '{{ input.pause }}' } },
        { id: 'total', action: 'http', needs: ['pause'], with: post('ledger', { rows: '{{ steps.rows.output.body }}' }) },
        {
          id: 'save',
          action: 'http',
          needs: ['total'],
          with: {
            url: `${supabaseUrl}/rest/v1/sales_reports?on_conflict=step_key`,
            method: 'POST',
            headers: { ...asUser, 'content-profile': 'public', prefer: 'resolution=merge-duplicates' },
            json: { step_key: '{{ step.key }}', day: '{{ input.day }}', cents: '{{ steps.total.output.body.cents }}' },
          },
        },
      ],
      output: { day: '{{ input.day }}', cents: '{{ steps.total.output.body.cents }}' },
    },
    {
      slug: 'fulfil-order',
      name: 'Fulfil order',
      description: 'A fan: four steps that run at the same time.',
      steps: [
        orderStep('reserve', 'shelf'),
        orderStep('invoice', 'ledger-entries'),
        orderStep('label', 'labels'),
        orderStep('pack', '{{ input.desk }}'),
      ],
    },
    {
      slug: 'notify-partner',
      name: 'Notify partner',
      description: 'One step, whose target fails twice before it works.',
      action: 'http',
      with: post('flaky', { text: 'the report of {{ input.day }} is there' }),
      retry: { maxAttempts: 5, initialInterval: '500 ms' },
    },
  ];
}
