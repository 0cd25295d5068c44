namespace Mfn.Server.Memory;

/// <summary>Keeps memory that nobody uses for whoever needs it next.</summary>
internal interface IIdleMemory
{
    /// <summary>Lets go of what nobody uses.</summary>
    void LetGo();
}
