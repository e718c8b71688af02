// What a migration does: something once, then it ends.
console.log('preparing');
setTimeout(() => console.log('prepared'), 300);
