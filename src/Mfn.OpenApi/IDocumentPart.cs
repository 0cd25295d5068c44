namespace Mfn.OpenApi;

/// <summary>
/// Paths that <c>google.api.http</c> does not say: what the contracts cannot, and what is no call at all. A path of the web listener that no part has fails a test.
/// </summary>
internal interface IDocumentPart
{
    /// <summary>Adds its paths, and the components that are its own.</summary>
    void AddTo(DocumentBuilder builder);
}
