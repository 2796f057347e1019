export const openBulk = () => {}; export const showBulks = () => {};
