/** A stage's name as people mean it: the cell `Matrix - PLATFORM = 'linux', DB = 'pg'` is `linux, pg`. */
export function stageName(name: string): string {
  const axes = /^Matrix - (.+)$/.exec(name)?.[1];
  if (axes === undefined || !/^\w+ = '[^']*'(?:, \w+ = '[^']*')*$/.test(axes)) return name;
  return [...axes.matchAll(/'([^']*)'/g)].map(([, value]) => value).join(', ');
}
