import type { CloseReason } from '@pilothouse/protocol';
import { beforeEach, expect, it } from 'vitest';
import { AgentConnections, type AgentConnection } from './agent-connection.js';

let connections: AgentConnections;
let closed: [counter: number, reason: CloseReason][];

beforeEach(() => {
  connections = new AgentConnections();
  closed = [];
});

function connection(counter: number, serverId = 'server'): AgentConnection {
  const agent = { serverId, epoch: { generation: 1, counter } };
  const close = (reason: CloseReason) => void closed.push([counter, reason]);
  return { agent, close } as unknown as AgentConnection;
}

it('closes the older connection of a server when a newer one comes', () => {
  const [older, newer] = [connection(1), connection(2)];
  connections.add(older);
  connections.add(newer);
  expect(closed).toEqual([[1, 'SUPERSEDED']]);
  expect(connections.get('server')).toBe(newer);
});

it('closes the older one also when it was held up and comes last', () => {
  const [older, newer] = [connection(1), connection(2)];
  connections.add(newer);
  connections.add(older);
  expect(closed).toEqual([[1, 'SUPERSEDED']]);
  expect(connections.get('server')).toBe(newer);
});

it('leaves other servers alone', () => {
  connections.add(connection(1, 'one'));
  connections.add(connection(1, 'two'));
  expect(closed).toEqual([]);
  expect(connections.all()).toHaveLength(2);
});

it('forgets a connection that ended, and not the one that has taken its place', () => {
  const [older, newer] = [connection(1), connection(2)];
  connections.add(older);
  connections.add(newer);
  expect(connections.remove(older)).toBe(false);
  expect(connections.get('server')).toBe(newer);
  expect(connections.remove(newer)).toBe(true);
  expect(connections.all()).toEqual([]);
});
