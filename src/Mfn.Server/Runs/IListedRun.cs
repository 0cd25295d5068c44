using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>What a list of runs is made of and ordered by.</summary>
internal interface IListedRun
{
    RunId Id { get; }

    /// <summary>The tenant that it belongs to: for others there is no such run.</summary>
    string Tenant { get; }

    RunName? Name { get; }

    DateTimeOffset Created { get; }

    RunState State { get; }
}
