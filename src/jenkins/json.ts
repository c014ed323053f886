import { fields, text } from '../base/json';
// Readers of Jenkins' answers have both kinds from here.
export { fields, list, number, text } from '../base/json';

/** `StringParameterValue` of `hudson.model.StringParameterValue`; empty where there is none. */
export function className(value: unknown): string {
  const full = text(fields(value)['_class']) ?? '';
  return full.slice(Math.max(full.lastIndexOf('.'), full.lastIndexOf('$')) + 1);
}
