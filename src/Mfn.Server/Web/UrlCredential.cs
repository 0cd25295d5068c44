using Mfn.Server.Calls;

namespace Mfn.Server.Web;

/// <summary>Finds credentials in URLs, where logs, histories and other sites get to see them: nobody gets used to it.</summary>
internal static class UrlCredential
{
    private static readonly HashSet<string> Names =
        new(StringComparer.OrdinalIgnoreCase) { "api_key", "apikey", "api-key", "x-api-key", "key", "access_token", "auth_token", "token", "jwt", "bearer", "authorization", "auth", "password" };

    /// <summary>The name of a parameter that has one; null if none does.</summary>
    public static string? Find(IQueryCollection query) => query.Count == 0 ? null : query.Keys.FirstOrDefault(Names.Contains);

    /// <summary>Refuses it, without what it is.</summary>
    public static CallRefusedException Refuse(string name) => CallRefusedException.InvalidArgument(
        name.ToLowerInvariant(), "must not be in a URL, which others get to see: a key or a token goes into a header, x-api-key or authorization, or into a WebSocket's first message");
}
