using Mfn.Contracts.V1;
using Mfn.Server.Calls;
using Mfn.Server.Translation;

namespace Mfn.Server.Runs;

/// <summary>Makes a page of a list of runs.</summary>
internal static class RunPage
{
    private const int DefaultSize = 100;

    /// <summary>The page that is asked for of all runs, which are in the order of <see cref="PageToken"/>.</summary>
    /// <exception cref="CallRefusedException">The request is wrong.</exception>
    public static ListRunsResponse Of(IEnumerable<IListedRun> all, ListRunsRequest request)
    {
        var problems = new RequestProblems();
        var pageSize = request.HasPageSize ? request.PageSize : DefaultSize;
        problems.Check("page_size", pageSize, new(1, 1000));
        var state = request.State.ToFilter(problems);
        var name = request.Name.ToName("name", problems, request.HasName);
        var after = PageToken.Read(request.PageToken, problems);
        problems.ThrowIfAny();

        // One more than the page has tells whether there is a next one.
        var found = all
            .Where(run => after?.IsBefore(run) ?? true)
            .Where(run => name is null || run.Name == name)
            .Where(run => state is null || run.State == state)
            .Take(pageSize + 1)
            .ToList();
        var page = found.Take(pageSize).ToList();
        return new ListRunsResponse
        {
            Runs = { page.Select(run => run.ToWire()) },
            NextPageToken = found.Count > page.Count ? PageToken.After(page[^1]).ToString() : "",
        };
    }
}
