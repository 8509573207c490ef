import { GraphQLScalarType, Kind } from 'graphql';
import { GraphQLDateTime, GraphQLSafeInt } from 'graphql-scalars';

/** Times, always in UTC. */
export const DateTime = GraphQLDateTime;

/** Whole numbers up to 2^53, for sizes and sequence numbers. */
export const SafeInt = GraphQLSafeInt;

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function parseBase64(value: unknown): Buffer {
  if (typeof value !== 'string' || !BASE64.test(value)) throw new TypeError('Not base64');
  return Buffer.from(value, 'base64');
}

/** Bytes, as standard base64 with padding. */
export const Base64 = new GraphQLScalarType<Buffer, string>({
  name: 'Base64',
  description: 'Bytes, as standard base64 with padding (RFC 4648, section 4)',
  serialize: (value) => {
    if (!(value instanceof Uint8Array)) throw new TypeError('Not bytes');
    return Buffer.from(value).toString('base64');
  },
  parseValue: parseBase64,
  parseLiteral: (node) => parseBase64(node.kind === Kind.STRING ? node.value : undefined),
});
