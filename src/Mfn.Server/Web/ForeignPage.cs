namespace Mfn.Server.Web;

/// <summary>That a request is of a page of another origin, which is allowed.</summary>
/// <param name="Origin">The origin.</param>
/// <param name="HasCertificate">Whether the browser has shown a certificate, which says nothing of the page.</param>
internal sealed record ForeignPage(string Origin, bool HasCertificate);
