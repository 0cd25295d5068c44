namespace Mfn.Server.Web;

/// <summary>That a request is of a page of another origin, which is allowed.</summary>
/// <param name="Origin">The origin.</param>
internal sealed record ForeignPage(string Origin);
