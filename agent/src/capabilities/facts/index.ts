/** What an agent knows of its host besides figures: system, hardware, addresses, and tags that follow from them. */
export { collectFacts, type FactsOptions } from './host-facts.js';
