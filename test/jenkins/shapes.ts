/** The types of a value's parts by where they are; things in a list are taken together, and classes not told. */
export type Shape = ReadonlyMap<string, ReadonlySet<string>>;

export function shapeOf(...values: readonly unknown[]): Shape {
  const shape = new Map<string, Set<string>>();
  function add(value: unknown, at: string): void {
    const types = shape.get(at) ?? new Set();
    shape.set(at, types);
    if (Array.isArray(value)) {
      types.add('list');
      for (const item of value) add(item, `${at}[]`);
    } else if (typeof value === 'object' && value !== null) {
      types.add('object');
      for (const [key, inner] of Object.entries(value))
        if (key !== '_class') add(inner, `${at}.${key}`);
    } else types.add(value === null ? 'null' : typeof value);
  }
  for (const value of values) add(value, '');
  return shape;
}

/** What one has and the other has not, or has of another type; anything may be null. */
export function differences(one: Shape, other: Shape): string[] {
  return [...one].flatMap(([at, types]) => {
    const others = other.get(at);
    if (others === undefined) return [at];
    const same =
      [types, others].some((each) => each.has('null')) ||
      [...types].some((type) => others.has(type));
    return same ? [] : [`${at} is ${[...types].join()} and ${[...others].join()}`];
  });
}
