// Each object of a JSON list on standard input against its kind's schema: prints what is wrong, a line each.
const text = await new Response(process.stdin).text();

for (const object of JSON.parse(text)) {
  const module = await import(`kubernetes-models/${object.apiVersion}/${object.kind}`);
  try {
    new module[object.kind](object).validate();
  } catch (error) {
    console.log(`${object.kind}: ${error.message}`);
  }
}
