namespace Mfn.Server.Runs;

/// <summary>Names a run, unguessably.</summary>
internal readonly record struct RunId(Guid Value)
{
    public static RunId Create() => new(Guid.NewGuid());

    public override string ToString() => Value.ToString("N");
}
