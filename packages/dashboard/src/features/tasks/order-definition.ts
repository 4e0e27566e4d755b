const TASK = ['slug', 'name', 'description', 'type', 'tags', 'input', 'action', 'with', 'steps', 'output'];
const STEP = ['id', 'name', 'action', 'needs', 'when', 'forEach', 'maxParallel', 'with', 'retry', 'timeout', 'onFailure'];
const SCHEMA = ['type', 'title', 'description', 'format', 'enum', 'default', 'properties', 'items', 'required'];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const inOrder = (value: Readonly<Record<string, unknown>>, names: readonly string[]): Readonly<Record<string, unknown>> => {
  const known = names.filter((name) => name in value);
  const others = Object.keys(value).filter((name) => !names.includes(name));
  return Object.fromEntries([...known, ...others].map((name) => [name, value[name]]));
};

const orderSchema = (value: unknown): unknown => {
  if (!isObject(value)) return value;
  const { properties, items } = value;
  return inOrder(
    {
      ...value,
      ...(isObject(properties)
        ? { properties: Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, orderSchema(inner)])) }
        : {}),
      ...(items === undefined ? {} : { items: orderSchema(items) }),
    },
    SCHEMA,
  );
};

/** A definition in the order in which people read it: the database keeps none. */
export const orderDefinition = (definition: unknown): unknown => {
  if (!isObject(definition)) return definition;
  const { steps, input } = definition;
  return inOrder(
    {
      ...definition,
      ...(input === undefined ? {} : { input: orderSchema(input) }),
      ...(Array.isArray(steps) ? { steps: steps.map((step: unknown) => (isObject(step) ? inOrder(step, STEP) : step)) } : {}),
    },
    TASK,
  );
};
