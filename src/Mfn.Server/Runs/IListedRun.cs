using Mfn.Server.Storage;

namespace Mfn.Server.Runs;

/// <summary>What a list of runs is made of and ordered by.</summary>
internal interface IListedRun
{
    RunId Id { get; }

    RunName? Name { get; }

    DateTimeOffset Created { get; }

    RunState State { get; }
}
