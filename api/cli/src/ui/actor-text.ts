import { word } from '../input/choice.js';

/** Who did something, as people know them: `ada@example.org`, `api-token of ada@example.org`, `system retention`. */
export function actorText(actor: { kind: string; id: string; person?: { email: string } | null }): string {
  const { kind, id, person } = actor;
  if (!person) return `${word(kind)} ${id}`;
  return kind === 'USER' ? person.email : `${word(kind)} of ${person.email}`;
}
