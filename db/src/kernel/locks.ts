/** Advisory lock of whoever changes the schema. Any number: what matters is that all use the same. */
export const MIGRATION_LOCK = 7_732_002;
