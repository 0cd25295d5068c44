using System.Security.Cryptography;
using System.Text;

namespace Mfn.SecretFakes;

/// <summary>Signature Version 4 of AWS, computed as its documentation describes it and by nothing of AWS's.</summary>
public static class RequestSignature
{
    /// <summary>What it is called in requests.</summary>
    public const string Algorithm = "AWS4-HMAC-SHA256";

    /// <summary>The signature of a request, in lower-case hexadecimal digits.</summary>
    /// <param name="secret">The secret access key.</param>
    /// <param name="scope">The day, the region and the service that it is for.</param>
    /// <param name="time">When it was signed, such as 20150830T123600Z.</param>
    /// <param name="method">GET or POST.</param>
    /// <param name="path">The path, encoded.</param>
    /// <param name="query">The query, encoded and sorted, without its question mark.</param>
    /// <param name="headers">The headers that are signed, by their names in lower case, sorted.</param>
    /// <param name="payloadHash">The SHA-256 of the body, in lower-case hexadecimal digits.</param>
    public static string Compute(
        string secret, (string Day, string Region, string Service) scope, string time, string method, string path, string query, IReadOnlyList<(string Name, string Value)> headers, string payloadHash)
    {
        var lines = string.Concat(headers.Select(header => $"{header.Name}:{string.Join(' ', header.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))}\n"));
        var canonical = $"{method}\n{path}\n{query}\n{lines}\n{string.Join(';', headers.Select(header => header.Name))}\n{payloadHash}";
        string[] parts = [scope.Day, scope.Region, scope.Service, "aws4_request"];
        var toSign = $"{Algorithm}\n{time}\n{string.Join('/', parts)}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical)))}";
        var key = parts.Aggregate(Encoding.UTF8.GetBytes($"AWS4{secret}"), (by, text) => HMACSHA256.HashData(by, Encoding.UTF8.GetBytes(text)));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(toSign)));
    }
}
