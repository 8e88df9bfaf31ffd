/** The stylesheet is imported for its effect. */
export {}
