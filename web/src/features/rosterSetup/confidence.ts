/** How sure a version is: the words that are stored, in the language of the rules themselves. */
export const UNVERIFIED = '待核实'
export const VERIFIED = '已核实'
