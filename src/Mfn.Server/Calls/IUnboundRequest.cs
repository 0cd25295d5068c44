using Google.Protobuf;

namespace Mfn.Server.Calls;

/// <summary>A request message of a class that is not generated from the contract.</summary>
internal interface IUnboundRequest
{
    /// <summary>The message of the generated class with the same texts; the rest of it need not be there.</summary>
    IMessage Texts { get; }
}
