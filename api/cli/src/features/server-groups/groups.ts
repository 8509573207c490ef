import { randomUUID } from 'node:crypto';
import type { Cli } from '../../kernel/cli.js';
import { CliError, EXIT, refused, usageError } from '../../kernel/cli-error.js';
import { CALLED } from '../../kernel/environment.js';
import type { UpdateServerGroupInput } from '../../gql/graphql.js';
import { findGroup, readGroups } from './find-group.js';
import { CreateGroup, DeleteGroup, UpdateGroup } from './groups.operations.js';

export async function listGroups(cli: Cli): Promise<void> {
  const groups = await readGroups(await cli.session());
  await cli.output.answer(groups, () => {
    if (groups.length === 0) return `No groups yet. Make one with ${CALLED} groups add NAME.\n`;
    const short = cli.output.ids(groups.map(({ id }) => id));
    return cli.output.table(
      [{ title: 'GROUP' }, { title: 'SERVERS', align: 'right' }, { title: 'ID' }],
      groups.map(({ path, serverCount, id }) => [path, String(serverCount), short(id)]),
    );
  });
}

export async function addGroup(cli: Cli, name: string, options: { in?: string; colour?: string }): Promise<void> {
  const session = await cli.session();
  const { createServerGroup } = await session.ask(CreateGroup, {
    input: {
      name,
      idempotencyKey: randomUUID(),
      ...(options.in !== undefined && { parentId: (await findGroup(session, options.in)).id }),
      ...(options.colour !== undefined && { colour: options.colour }),
    },
  });
  switch (createServerGroup.__typename) {
    case 'ServerGroup': {
      const { id } = createServerGroup;
      return cli.output.answer({ id, name }, () => `Added the group ${name}.\n`);
    }
    case 'GroupNameTaken':
    case 'GroupNotFound':
    case 'GroupTooDeep':
    case 'QuotaReached':
      throw refused(createServerGroup);
  }
}

export interface EditGroupOptions {
  name?: string;
  colour?: string;
  in?: string;
  top?: boolean;
}

export async function editGroup(cli: Cli, given: string, options: EditGroupOptions): Promise<void> {
  if (Object.keys(options).length === 0) throw usageError('Say what to change: --name, --colour, --in or --top.');
  if (options.in !== undefined && options.top) throw usageError('Give either --in or --top.');
  const session = await cli.session();
  const group = await findGroup(session, given);
  const input: UpdateServerGroupInput = {
    groupId: group.id,
    ...(options.name !== undefined && { name: options.name }),
    ...(options.colour !== undefined && { colour: options.colour === 'none' ? null : options.colour }),
    ...(options.in !== undefined && { parentId: (await findGroup(session, options.in)).id }),
    ...(options.top && { parentId: null }),
  };
  const { updateServerGroup } = await session.ask(UpdateGroup, { input });
  switch (updateServerGroup.__typename) {
    case 'ServerGroup': {
      const { id, name } = updateServerGroup;
      return cli.output.answer({ id, name }, () => `Changed the group ${name}.\n`);
    }
    case 'GroupCycle':
    case 'GroupNameTaken':
    case 'GroupNotFound':
    case 'GroupTooDeep':
      throw refused(updateServerGroup);
  }
}

export async function removeGroup(cli: Cli, given: string, options: { moveTo?: string }): Promise<void> {
  const session = await cli.session();
  const group = await findGroup(session, given);
  const { deleteServerGroup } = await session.ask(DeleteGroup, {
    input: {
      groupId: group.id,
      ...(options.moveTo !== undefined && {
        moveContentsToId: options.moveTo === 'top' ? null : (await findGroup(session, options.moveTo)).id,
      }),
    },
  });
  switch (deleteServerGroup.__typename) {
    case 'ServerGroupDeleted':
      return cli.output.answer(
        { id: group.id, path: group.path, removed: true },
        () => `Removed the group ${group.path}.\n`,
      );
    case 'GroupNotEmpty':
      throw new CliError(
        `${deleteServerGroup.message} Say where its contents go with --move-to.`,
        EXIT.general,
        deleteServerGroup.code,
      );
    case 'GroupCycle':
    case 'GroupNameTaken':
    case 'GroupNotFound':
    case 'GroupTooDeep':
      throw refused(deleteServerGroup);
  }
}
