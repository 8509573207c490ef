const INVALID_VALUE = /^Variable "(\$\w+)" got invalid value /;
/** What follows the printed value: where in the variable, and why. The value itself may hold anything. */
const PLACE_AND_REASON = /^[\s\S]*? at "([\w.[\]]+)"; ([\s\S]*)$/;
const HARMLESS_REASONS = [
  /; (Field "\w+" of required type "[\w![\]]+" was not provided\.)$/,
  /; (Field "\w+" is not defined by type "\w+"\.)(?: Did you mean [\s\S]*)?$/,
  /; (Expected non-nullable type "[\w![\]]+" not to be null\.)$/,
  /; (Expected type "\w+" to be an object\.)$/,
];

/**
 * The message about a wrong variable without the variable's value. graphql-js prints the whole value, and with it a
 * password that stands beside the field that is wrong.
 */
export function withoutValue(message: string): string {
  const start = INVALID_VALUE.exec(message);
  if (!start) return message;
  const rest = message.slice(start[0].length);
  const [, place, reason = rest] = PLACE_AND_REASON.exec(rest) ?? [];
  const where = place === undefined ? '' : ` at "${place}"`;
  return `Variable "${start[1]}" is wrong${where}: ${harmless(`; ${reason}`)}`;
}

function harmless(reason: string): string {
  for (const pattern of HARMLESS_REASONS) {
    const found = pattern.exec(reason)?.[1];
    if (found !== undefined) return found;
  }
  const type = /^; (\w+) cannot represent /.exec(reason)?.[1] ?? / does not exist in "(\w+)" enum\./.exec(reason)?.[1];
  return type === undefined ? 'The value is not one of its type.' : `The value is not one of the type "${type}".`;
}
