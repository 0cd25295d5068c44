using System.Globalization;
using Mfn.Server.Calls;
using Mfn.Server.Storage;
using Mfn.Server.Texts;

namespace Mfn.Server.Runs;

/// <summary>Where a page of runs ended: they are ordered by when they were created, the latest first, then by id.</summary>
internal readonly record struct PageToken(long CreatedTicks, RunId Id)
{
    public static PageToken After(IListedRun run) => new(run.Created.UtcTicks, run.Id);

    /// <summary>Reads what <see cref="ToString"/> writes; null if it is empty or wrong, which is then among the problems.</summary>
    public static PageToken? Read(string text, RequestProblems problems)
    {
        if (text.Length == 0)
        {
            return null;
        }

        var parts = text.Split('-');
        if (parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && RunId.TryParse(parts[1], out var id))
        {
            return new PageToken(ticks, id);
        }

        problems.Add("page_token", $"must be the next_page_token of another page, but was {CallersText.Quote(text)}");
        return null;
    }

    /// <summary>Whether the run is on a later page.</summary>
    public bool IsBefore(IListedRun run) =>
        run.Created.UtcTicks < CreatedTicks
        || (run.Created.UtcTicks == CreatedTicks && string.CompareOrdinal(run.Id.ToString(), Id.ToString()) > 0);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{CreatedTicks}-{Id}");
}
