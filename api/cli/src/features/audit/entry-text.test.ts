import { expect, it } from 'vitest';
import { detailText, nameIn } from './entry-text.js';

it.each([
  ['{}', ''],
  ['{"tags":["web","blue"],"before":[]}', 'tags web, blue; before none'],
  ['{"maintenance":true,"groupId":null}', 'maintenance yes; group id none'],
  [`{"publicKey":"${'ab'.repeat(32)}","targets":{"all":true}}`, 'public key abababababab…; targets (all yes)'],
  ['no JSON', 'no JSON'],
])('shows %s in words', (detail, text) => expect(detailText(detail)).toBe(text));

it('leaves out what stands elsewhere', () => {
  expect(nameIn('{"name":"web-1","role":"ADMIN"}')).toBe('web-1');
  expect(detailText('{"name":"web-1","role":"ADMIN"}', { without: ['name'] })).toBe('role ADMIN');
});
