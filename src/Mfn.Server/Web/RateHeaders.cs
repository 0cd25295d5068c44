using System.Globalization;
using Mfn.Server.Quotas;

namespace Mfn.Server.Web;

/// <summary>Tells callers what is left of their cell-steps, by the fields <c>RateLimit</c> and <c>RateLimit-Policy</c> of draft-ietf-httpapi-ratelimit-headers.</summary>
internal static class RateHeaders
{
    // The largest integer of a structured field.
    private const long MostOfAField = 999_999_999_999_999;

    /// <summary>Adds them to the answer of a call whose caller's cell-steps are limited.</summary>
    public static void Tell(HttpContext context)
    {
        if (context.Features.Get<QuotaAccount>()?.Rates is not { Count: > 0 } rates || context.Response.HasStarted)
        {
            return;
        }

        var headers = context.Response.Headers;
        headers["RateLimit-Policy"] = string.Join(", ", rates.Select(rate =>
            $"{NameOf(rate)};q={Field(rate.Burst)};qu=\"cell-steps\";w={Field((long)Math.Ceiling(rate.BurstTime.TotalSeconds))}"));
        headers["RateLimit"] = string.Join(", ", rates.Select(rate =>
            $"{NameOf(rate)};r={Field(rate.Left)};t={Field((long)Math.Ceiling(rate.UntilFull.TotalSeconds))}"));
    }

    private static string NameOf(QuotaRate rate) => rate.IsTenant ? "\"tenant\"" : "\"identity\"";

    private static string Field(long number) => Math.Min(number, MostOfAField).ToString(CultureInfo.InvariantCulture);
}
