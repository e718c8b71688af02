// Works for three seconds, then fails.
let job = 0;
setInterval(() => console.log('job', ++job, 'done'), 500);
setTimeout(() => {
  console.error('the queue went away');
  process.exit(1);
}, 3000);
