namespace Grpc.Core;

/// <summary>What a call that a handler makes inherits from the call that it handles; immutable.</summary>
public class ContextPropagationOptions
{
    /// <summary>Inherits the deadline and the cancellation.</summary>
    public static readonly ContextPropagationOptions Default = new();

    /// <summary>Chooses what is inherited.</summary>
    public ContextPropagationOptions(bool propagateDeadline = true, bool propagateCancellation = true)
    {
        IsPropagateDeadline = propagateDeadline;
        IsPropagateCancellation = propagateCancellation;
    }

    /// <summary>True if the deadline of the handled call bounds the new one.</summary>
    public bool IsPropagateDeadline { get; }

    /// <summary>True if cancelling the handled call cancels the new one.</summary>
    public bool IsPropagateCancellation { get; }
}
