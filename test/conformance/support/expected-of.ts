import { KNOWN_DIFFERENCES, type DifferenceName } from '../known-differences.ts';
import { readSettings } from './settings.ts';

/** What the Supabase under test does where the local stack and Supabase differ. */
export const expectedOf = (name: DifferenceName): unknown => KNOWN_DIFFERENCES[name][readSettings().flavor];
