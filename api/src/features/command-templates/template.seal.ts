import { isDeepStrictEqual } from 'node:util';
import type { SealedPlace, SealingKey } from '../../kernel/sealing.js';
import { storedCommand, type SavedCommand, type StoredCommand } from './saved-command.js';

/** Which row it is. */
export interface TemplatePlace {
  id: string;
  workspaceId: string;
}

/** What a template was saved as. */
export interface SavedTemplateContent {
  name: string;
  command: SavedCommand;
}

/** The row of a template: what is shown of it, and all of it sealed. */
export interface TemplateRow extends TemplatePlace {
  name: string;
  command: StoredCommand;
  sealedContent: Buffer;
}

/**
 * Keeps the values of a template's environment from who reads the database, and whoever writes there from changing what
 * a template runs: nobody else has the key.
 */
export class TemplateSeal {
  constructor(private readonly sealing: SealingKey) {}

  seal(place: TemplatePlace, content: SavedTemplateContent): Buffer {
    return this.sealing.seal(Buffer.from(JSON.stringify(content)), sealedPlace(place));
  }

  /** The whole command, values and all; null where the row shows another than was saved for it. */
  open(row: TemplateRow): SavedCommand | null {
    const content = this.contentOf(row);
    const shown = { name: row.name, command: row.command };
    const isOwn = content && isDeepStrictEqual({ ...content, command: storedCommand(content.command) }, shown);
    return isOwn ? content.command : null;
  }

  private contentOf(row: TemplateRow): SavedTemplateContent | null {
    try {
      return JSON.parse(this.sealing.open(row.sealedContent, sealedPlace(row)).toString()) as SavedTemplateContent;
    } catch {
      // It was altered, moved or sealed under another key: whoever asks is told so, and it is put on record.
      return null;
    }
  }
}

function sealedPlace({ id, workspaceId }: TemplatePlace): SealedPlace {
  return { workspaceId, table: 'command_templates', column: 'sealed_content', row: id, version: 1 };
}
