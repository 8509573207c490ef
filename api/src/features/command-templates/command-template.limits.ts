/** Limits of templates, in characters and rows. */
export const TEMPLATE_LIMITS = {
  maxPerWorkspace: 1000,
  maxDescriptionCharacters: 1000,
  maxSearchCharacters: 200,
} as const;
