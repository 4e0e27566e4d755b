/** Tasks as a small shop would have them, all calling one target. */
export const describeTasks = (target: string) => {
  const get = (path: string) => ({ url: `${target}${path}` });
  const post = (path: string, json: unknown) => ({ url: `${target}${path}`, method: 'POST', json });
  return [
    {
      slug: 'daily-sales-report',
      name: 'Daily sales report',
      description: 'Adds up the sales of a day, has them put into words, and sends them.',
      type: 'DataProcess',
      tags: ['finance', 'daily'],
      input: {
        type: 'object',
        properties: { day: { type: 'string', format: 'date' }, to: { type: 'string', format: 'email' } },
        required: ['to'],
      },
      steps: [
        { id: 'fetch', name: 'Fetch the sales', action: 'http', with: get('/sales') },
        { id: 'orders', name: 'Fetch the orders', action: 'http', with: get('/orders') },
        { id: 'settle', name: 'Let late orders come in', action: 'sleep', needs: ['fetch'], with: { duration: '2 seconds' } },
        {
          id: 'digest',
          name: 'Put it into words',
          action: 'http',
          needs: ['settle', 'orders'],
          with: post('/digest', { sales: '{{ steps.fetch.output.body }}' }),
        },
        {
          id: 'store',
          name: 'Store the report',
          action: 'http',
          needs: ['digest'],
          with: post('/store', { report: '{{ steps.digest.output.body.text }}' }),
        },
        { id: 'send', name: 'Send it', action: 'http', needs: ['digest'], with: post('/post', { to: '{{ input.to }}' }) },
      ],
      output: { text: '{{ steps.digest.output.body.text }}', sent: '{{ steps.send.output.body.accepted }}' },
    },
    {
      slug: 'import-orders',
      name: 'Import orders',
      description: 'Fetches new orders and stores each.',
      type: 'DataProcess',
      tags: ['orders'],
      steps: [
        { id: 'fetch', name: 'Fetch the orders', action: 'http', with: get('/orders') },
        {
          id: 'store',
          name: 'Store an order',
          action: 'http',
          needs: ['fetch'],
          forEach: 'steps.fetch.output.body.orders',
          maxParallel: 3,
          with: post('/store', { order: '{{ item }}' }),
        },
      ],
    },
    {
      slug: 'send-invoice',
      name: 'Send invoice',
      description: 'Makes an invoice and sends it.',
      type: 'Message',
      tags: ['finance'],
      steps: [
        {
          id: 'contact',
          name: 'Look up the customer',
          action: 'http',
          with: post('/contacts', { id: '{{ coalesce(input.customer, "c_81f2") }}' }),
        },
        {
          id: 'invoice',
          name: 'Make the invoice',
          action: 'http',
          needs: ['contact'],
          with: post('/invoice', { customer: 'c_81f2' }),
        },
        { id: 'send', name: 'Send it', action: 'http', needs: ['invoice'], with: post('/post', { invoice: 1 }) },
      ],
    },
    {
      slug: 'notify-partner',
      name: 'Notify partner',
      description: 'Tells the warehouse; tries for a day.',
      tags: ['orders'],
      action: 'http',
      with: post('/partner', { text: 'new orders are there' }),
      retry: { maxAttempts: 12, initialInterval: '20 seconds', maxInterval: '5 minutes' },
    },
    {
      slug: 'sync-stock',
      name: 'Synchronise stock',
      description: 'Compares the stock of every warehouse.',
      tags: ['orders', 'hourly'],
      steps: [
        { id: 'orders', name: 'Fetch the orders', action: 'http', with: get('/orders') },
        {
          id: 'stock',
          name: 'Count the stock',
          action: 'http',
          needs: ['orders'],
          timeout: '1 hour',
          with: { ...get('/stock'), timeout: '30 minutes' },
        },
        { id: 'store', name: 'Store the counts', action: 'http', needs: ['stock'], with: post('/store', {}) },
      ],
      concurrency: { key: '"stock"', limit: 1 },
    },
    {
      slug: 'renew-contracts',
      name: 'Renew contracts',
      description: 'Waits for the signature, for two weeks at most.',
      type: 'Approval',
      tags: ['sales'],
      steps: [
        { id: 'draft', name: 'Draft the contract', action: 'http', with: post('/contacts', {}) },
        {
          id: 'pause',
          name: 'Wait until the notice period begins',
          action: 'sleep',
          needs: ['draft'],
          with: { duration: '9 days' },
        },
        { id: 'send', name: 'Send it', action: 'http', needs: ['pause'], with: post('/post', {}) },
      ],
    },
    {
      slug: 'onboard-customer',
      name: 'Onboard customer',
      description: 'Everything a new customer needs, from the account to the first letter.',
      tags: ['sales'],
      input: {
        type: 'object',
        properties: {
          name: { type: 'string', title: 'Name', minLength: 2, description: 'As it stands on invoices.' },
          email: { type: 'string', title: 'E-mail', format: 'email' },
          plan: { type: 'string', title: 'Plan', enum: ['starter', 'team', 'company'], default: 'team' },
          seats: { type: 'integer', title: 'Seats', minimum: 1, maximum: 500, default: 5 },
          startsOn: { type: 'string', title: 'Starts on', format: 'date' },
          newsletter: { type: 'boolean', title: 'Send the newsletter', default: true },
          tags: { type: 'array', title: 'Tags', items: { type: 'string' } },
          address: {
            type: 'object',
            title: 'Address',
            properties: { street: { type: 'string', title: 'Street' }, city: { type: 'string', title: 'City' } },
            required: ['city'],
          },
        },
        required: ['name', 'email', 'plan'],
      },
      steps: [
        { id: 'contact', name: 'Create the contact', action: 'http', with: post('/contacts', { email: '{{ input.email }}' }) },
        {
          id: 'welcome',
          name: 'Send the first letter',
          action: 'http',
          needs: ['contact'],
          with: post('/post', { to: '{{ input.email }}' }),
        },
      ],
    },
  ];
};

/** It names a step that is not there. */
export const BROKEN_TASK = {
  slug: 'archive-orders',
  name: 'Archive orders',
  tags: ['orders'],
  steps: [{ id: 'move', action: 'http', needs: ['fetch'], with: { url: 'https://archive.example.com', method: 'POST' } }],
};
