namespace Mfn.Server.Web;

/// <summary>A path of the web listener that is no method of the contracts, or that <c>google.api.http</c> cannot say. docs/openapi.json has each of them.</summary>
/// <param name="Verb">Of HTTP, such as <c>GET</c>, which answers HEAD too.</param>
/// <param name="Path">The form of its paths.</param>
/// <param name="ServeAsync">Answers; gets what stands in the path for its fields.</param>
internal sealed record WebRoute(string Verb, PathTemplate Path, Func<HttpContext, IReadOnlyList<string>, Task> ServeAsync);
