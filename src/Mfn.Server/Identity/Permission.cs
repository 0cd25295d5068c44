namespace Mfn.Server.Identity;

/// <summary>Something that a caller may be allowed to do.</summary>
/// <param name="Name">For refusals and documents, such as <c>runs.read</c>.</param>
/// <param name="Meaning">What it lets one do, for documents.</param>
/// <param name="Roles">Who may do it, besides admins.</param>
/// <param name="IsOpen">Whether it needs no credential at all.</param>
internal sealed record Permission(string Name, string Meaning, Roles Roles, bool IsOpen = false)
{
    private const Roles Everybody = Roles.Viewer | Roles.Operator | Roles.Contributor;

    public static Permission CheckHealth { get; } = new("health.check", "ask whether the server serves, as probes do", Everybody, IsOpen: true);

    public static Permission WatchHealth { get; } = new("health.watch", "be told when that changes", Everybody);

    public static Permission Reflect { get; } = new("contracts.read", "ask for the contracts", Everybody);

    public static Permission LookUp { get; } = new("models.read", "look up what costs next to nothing: potentials, what features mean, what a simulation will do", Everybody);

    public static Permission Compute { get; } = new("compute.run", "have something computed and wait for it", Roles.Operator);

    public static Permission Aggregate { get; } = new("updates.aggregate", "have updates aggregated", Roles.Operator | Roles.Contributor);

    public static Permission ReadRuns { get; } = new("runs.read", "see live runs, and copy their states out", Roles.Viewer | Roles.Operator);

    public static Permission WatchRuns { get; } = new("runs.watch", "watch live runs", Roles.Viewer | Roles.Operator);

    public static Permission CreateRuns { get; } = new("runs.create", "start live runs", Roles.Operator);

    public static Permission SteerRuns { get; } = new("runs.steer", "steer live runs", Roles.Operator);

    public static Permission DeleteRuns { get; } = new("runs.delete", "end live runs", Roles.Operator);

    public static Permission CheckRuns { get; } = new("runs.check", "have the files of live runs read", Roles.Operator);

    /// <summary>Whether roles have it.</summary>
    public bool IsGivenTo(Roles roles) => (roles & (Roles | Roles.Admin)) != Roles.None;
}
