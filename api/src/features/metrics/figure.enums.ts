import {
  HOST_FIGURES,
  PART_FIGURES,
  PART_KINDS,
  type Figure,
  type HostFigure,
  type PartFigure,
  type PartKind,
  type Unit,
} from '@pilothouse/db/timeseries';
import { Field, Float, Int, registerEnumType } from 'type-graphql';

const UNIT_TEXTS: Readonly<Record<Unit, string>> = {
  PERCENT: 'percent, 0 to 100',
  LOAD: 'load average',
  MIB: 'MiB',
  KIBS: 'KiB per second',
  COUNT: 'number',
};

const PART_KIND_TEXTS: Readonly<Record<PartKind, string>> = {
  CPU: 'A core, named by its number',
  MOUNT: 'A file system, named by its mount point',
  DISK: 'A block device',
  INTERFACE: 'A network interface',
};

/** `cpuPct` as an enum value is written: `CPU_PCT`. */
const enumName = (figure: string): string => figure.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

const textOf = ({ description, unit }: Figure): string => `${description} (${UNIT_TEXTS[unit]})`;

/** The values of an enum of figures: its names are for clients, its values are the store's. */
function enumOf<Name extends string>(figures: readonly (Figure & { name: Name })[]): Record<string, Name> {
  return Object.fromEntries(figures.map(({ name }) => [enumName(name), name]));
}

function describe(figures: readonly Figure[]): Record<string, { description: string }> {
  return Object.fromEntries(figures.map((figure) => [enumName(figure.name), { description: textOf(figure) }]));
}

/** What is measured of a whole host. Made from the store's table of figures. */
export const HostFigureEnum: Record<string, HostFigure> = enumOf(HOST_FIGURES);
registerEnumType(HostFigureEnum, {
  name: 'HostFigure',
  description: 'What is measured of a whole host',
  valuesConfig: describe(HOST_FIGURES),
});

/** What is measured of a part of a host; which figures a part has depends on its kind. */
export const PartFigureEnum: Record<string, PartFigure> = enumOf(PART_FIGURES);
registerEnumType(PartFigureEnum, {
  name: 'PartFigure',
  description: 'What is measured of a part of a host; a part has the figures of its kind only',
  valuesConfig: describe(PART_FIGURES),
});

export const PartKindEnum = Object.fromEntries(PART_KINDS.map((kind) => [kind, kind])) as Record<PartKind, PartKind>;
registerEnumType(PartKindEnum, {
  name: 'PartKind',
  description: 'What a part of a host is',
  valuesConfig: Object.fromEntries(PART_KINDS.map((kind) => [kind, { description: PART_KIND_TEXTS[kind] }])),
});

/** Gives an object type one field for each figure. */
export function addFigureFields(type: { prototype: object }, figures: readonly Figure[]): void {
  for (const figure of figures) {
    const { name, unit, nullable } = figure;
    const scalar = unit === 'PERCENT' || unit === 'LOAD' ? Float : Int;
    Field(() => scalar, { nullable, description: textOf(figure) })(type.prototype, name);
  }
}
